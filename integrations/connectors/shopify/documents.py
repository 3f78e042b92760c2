"""What we ask Shopify's GraphQL Admin API: every document, valid against the schema of VERSION.

A query may cost 1,000 points, and nested lists are counted as if they were full. So orders are listed a few at a time
with their first lines; further lines are asked for by themselves, and so is each refund.
"""

VERSION = "2026-10"
PAGE = 5  # orders
LINES_LISTED, LINES_ASKED = 10, 50

_MONEY = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
_SHOP_MONEY = "{ shopMoney { amount currencyCode } }"

LINE = f"""
  id name sku vendor quantity currentQuantity isGiftCard
  product {{ id }}
  originalUnitPriceSet {_SHOP_MONEY}
  discountAllocations {{ allocatedAmountSet {_SHOP_MONEY} }}
  taxLines {{ priceSet {_SHOP_MONEY} }}
"""

SHIPPING_LINE = f"""
      originalPriceSet {_SHOP_MONEY}
      discountAllocations {{ allocatedAmountSet {_SHOP_MONEY} }}
      taxLines {{ priceSet {_SHOP_MONEY} }}
"""

HEAD_OF_ORDER = f"""
  legacyResourceId name test createdAt processedAt updatedAt cancelledAt displayFinancialStatus
  currencyCode presentmentCurrencyCode taxesIncluded email phone landingPageUrl discountCodes
  customAttributes {{ key value }}
  totalPriceSet {_MONEY}
  totalTaxSet {_SHOP_MONEY}
  totalDiscountsSet {_SHOP_MONEY}
  totalTipReceivedSet {_SHOP_MONEY}
  customer {{ legacyResourceId defaultEmailAddress {{ emailAddress }} }}
  clientIp
  billingAddress {{ countryCodeV2 phone address1 zip }}
  shippingAddress {{ countryCodeV2 phone address1 zip }}
  risk {{ assessments {{ riskLevel provider {{ title }} }} }}
  refunds {{ id }}
"""

_ORDER = f"""{HEAD_OF_ORDER}
  shippingLines(first: 5) {{ nodes {{ {SHIPPING_LINE} }} }}
"""

_REFUND = f"""
  legacyResourceId createdAt processedAt note
  refundLineItems(first: 100) {{
    pageInfo {{ hasNextPage }}
    nodes {{ quantity lineItem {{ id }} subtotalSet {_SHOP_MONEY} totalTaxSet {_SHOP_MONEY} }}
  }}
  refundShippingLines(first: 5) {{ nodes {{ subtotalAmountSet {_SHOP_MONEY} taxAmountSet {_SHOP_MONEY} }} }}
  orderAdjustments(first: 10) {{ nodes {{ amountSet {_SHOP_MONEY} taxAmountSet {_SHOP_MONEY} }} }}
  duties {{ amountSet {_SHOP_MONEY} }}
  transactions(first: 10) {{ nodes {{ kind status amountSet {_MONEY} }} }}
"""

ORDER = f"""query Order($id: ID!, $lines: Int!) {{
  order(id: $id) {{
    {_ORDER}
    lineItems(first: $lines) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {LINE} }} }}
  }}
}}"""

ORDERS = f"""query Orders($first: Int!, $after: String, $query: String!, $lines: Int!) {{
  orders(first: $first, after: $after, query: $query, sortKey: UPDATED_AT) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{
      {_ORDER}
      lineItems(first: $lines) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {LINE} }} }}
    }}
  }}
}}"""

ORDERS_COUNT = """query OrdersCount($query: String!) {
  ordersCount(query: $query, limit: null) { count precision }
}"""

LINES = f"""query Lines($id: ID!, $lines: Int!, $after: String) {{
  order(id: $id) {{
    lineItems(first: $lines, after: $after) {{ pageInfo {{ hasNextPage endCursor }} nodes {{ {LINE} }} }}
  }}
}}"""

REFUND = f"""query Refund($id: ID!) {{
  refund(id: $id) {{
    {_REFUND}
    order {{ legacyResourceId currencyCode taxesIncluded totalPriceSet {_MONEY} }}
  }}
}}"""

INSTALLATION = """query Installation {
  currentAppInstallation { accessScopes { handle } }
  shop { name myshopifyDomain currencyCode }
}"""

HOOKS = """query Hooks($after: String) {
  webhookSubscriptions(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { id topic uri format filter includeFields }
  }
}"""

MAKE_HOOK = """mutation MakeHook($topic: WebhookSubscriptionTopic!, $hook: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $hook) {
    webhookSubscription { id }
    userErrors { field message }
  }
}"""

MEND_HOOK = """mutation MendHook($id: ID!, $hook: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $hook) {
    webhookSubscription { id }
    userErrors { field message }
  }
}"""

DEFINITIONS = """query Definitions($namespace: String!, $after: String) {
  metafieldDefinitions(first: 100, ownerType: CUSTOMER, namespace: $namespace, after: $after) {
    pageInfo { hasNextPage endCursor }
    nodes { key name type { name } }
  }
}"""

DEFINE = """mutation Define($definition: MetafieldDefinitionInput!) {
  metafieldDefinitionCreate(definition: $definition) {
    createdDefinition { id }
    userErrors { field message code }
  }
}"""

CUSTOMERS = """query Customers($ids: [ID!]!, $namespace: String!) {
  nodes(ids: $ids) {
    ... on Customer {
      id tags
      metafields(first: 50, namespace: $namespace) { nodes { key type value } }
    }
  }
}"""

ORDER_TAGS = """query OrderTags($ids: [ID!]!) {
  currentAppInstallation { accessScopes { handle } }
  nodes(ids: $ids) { ... on Order { id tags } }
}"""

SET_METAFIELDS = """mutation SetMetafields($metafields: [MetafieldsSetInput!]!) {
  metafieldsSet(metafields: $metafields) {
    metafields { id }
    userErrors { field message code elementIndex }
  }
}"""

CLEAR_METAFIELDS = """mutation ClearMetafields($metafields: [MetafieldIdentifierInput!]!) {
  metafieldsDelete(metafields: $metafields) {
    deletedMetafields { key }
    userErrors { field message }
  }
}"""

ADD_TAGS = """mutation AddTags($id: ID!, $tags: [String!]!) {
  tagsAdd(id: $id, tags: $tags) { node { id } userErrors { field message } }
}"""

REMOVE_TAGS = """mutation RemoveTags($id: ID!, $tags: [String!]!) {
  tagsRemove(id: $id, tags: $tags) { node { id } userErrors { field message } }
}"""

CODE = """query Code($code: String!) {
  codeDiscountNodeByCode(code: $code) {
    id
    codeDiscount { ... on DiscountCodeBasic { title status codesCount { count } } }
  }
}"""

MAKE_CODE = """mutation MakeCode($discount: DiscountCodeBasicInput!) {
  discountCodeBasicCreate(basicCodeDiscount: $discount) {
    codeDiscountNode { id }
    userErrors { field message code }
  }
}"""

END_CODE = """mutation EndCode($id: ID!) {
  discountCodeDeactivate(id: $id) { codeDiscountNode { id } userErrors { field message code } }
}"""

ALL = (
    ORDER,
    ORDERS,
    ORDERS_COUNT,
    LINES,
    REFUND,
    INSTALLATION,
    HOOKS,
    MAKE_HOOK,
    MEND_HOOK,
    DEFINITIONS,
    DEFINE,
    CUSTOMERS,
    ORDER_TAGS,
    SET_METAFIELDS,
    CLEAR_METAFIELDS,
    ADD_TAGS,
    REMOVE_TAGS,
    CODE,
    MAKE_CODE,
    END_CODE,
)
