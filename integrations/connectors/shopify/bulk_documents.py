"""What we ask Shopify to prepare as a file: the same orders as `documents.ORDERS`, and how far it is with them.

In such a query nested lists are written as lines of their own, so each order names its id. A list of rows, as refunds
are, may not hold a list with pages; so refunds are asked for one by one afterwards, as they are for a page.
"""

import json

from integrations.connectors.shopify.documents import HEAD_OF_ORDER, LINE, SHIPPING_LINE

_PERIOD = '"PERIOD"'

ORDERS = f"""{{
  orders(query: {_PERIOD}) {{
    edges {{
      node {{
        id
        {HEAD_OF_ORDER}
        shippingLines {{ edges {{ node {{ {SHIPPING_LINE} }} }} }}
        lineItems {{ edges {{ node {{ {LINE} }} }} }}
      }}
    }}
  }}
}}"""

RUN = """mutation RunBulk($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: false) {
    bulkOperation { id }
    userErrors { field message code }
  }
}"""

STATE = """query Bulk($id: ID!) {
  bulkOperation(id: $id) { id status errorCode createdAt objectCount fileSize url }
}"""

RECENT = """query RecentBulks {
  bulkOperations(first: 10, query: "operation_type:query", sortKey: CREATED_AT, reverse: true) {
    nodes { id status query }
  }
}"""


def orders_in(period: str) -> str:
    """Return the query for the orders that a search finds."""
    return ORDERS.replace(_PERIOD, json.dumps(period))
