"""What we ask Shopify's GraphQL Admin API about store credit, valid against the schema of documents.VERSION.

Of that version a credit carries neither a note nor an idempotency key, so it is known again only by account, amount
and time. Version 2027-01 brings a note, by which it can be. A customer has an account for each currency; few have two.
"""

ACCOUNTS, CREDITS = 5, 50  # with their amounts about half of the 1,000 points that a query may cost

FIND_HOLDER = """query FindHolder($identifier: CustomerIdentifierInput!) {
  customerByIdentifier(identifier: $identifier) { id }
  shop { currencyCode enabledPresentmentCurrencies }
  currentAppInstallation { accessScopes { handle } }
}"""

LIST_CREDITS = f"""query ListCredits($id: ID!) {{
  customer(id: $id) {{
    storeCreditAccounts(first: {ACCOUNTS}) {{
      pageInfo {{ hasNextPage }}
      nodes {{
        balance {{ currencyCode }}
        transactions(first: {CREDITS}, sortKey: CREATED_AT, reverse: true) {{
          pageInfo {{ hasNextPage }}
          nodes {{
            createdAt event
            ... on StoreCreditAccountCreditTransaction {{ id }}
            amount {{ amount currencyCode }}
          }}
        }}
      }}
    }}
  }}
}}"""

GIVE_CREDIT = """mutation GiveCredit($id: ID!, $credit: StoreCreditAccountCreditInput!) {
  storeCreditAccountCredit(id: $id, creditInput: $credit) {
    storeCreditAccountTransaction { id }
    userErrors { field message code }
  }
}"""

ALL = (FIND_HOLDER, LIST_CREDITS, GIVE_CREDIT)
