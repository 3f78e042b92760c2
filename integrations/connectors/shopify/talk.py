"""Several questions to a shop, one after the other, and what a log keeps of them."""

import json
from typing import Any

from integrations.connectors import talks
from integrations.connectors.body import Fields
from integrations.connectors.shopify.api import data_of, post


class Talk(talks.Talk):
    """Calls to one shop, and what is left of its points."""

    HEADER = "X-Shopify-Access-Token: ***"
    LEAST_CALLS = 1

    def ask(self, document: str, **variables: Any) -> Fields:
        """Run one document and return its data; raises what `api.ask` raises."""
        name = document.split("(")[0].split("{")[0].strip()
        self.begin(name, json.dumps(variables, ensure_ascii=False))
        answer = post(self.store, document, variables)
        self.end(answer)
        self.quota = quota_of(answer.body) or self.quota
        return data_of(answer)


def quota_of(body: bytes) -> dict[str, int]:
    """Return how many of the shop's points are left, and how many it has at most; {} where it does not say."""
    try:
        status = json.loads(body)["extensions"]["cost"]["throttleStatus"]
        return {"points_left": int(status["currentlyAvailable"]), "points": int(status["maximumAvailable"])}
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError):
        return {}
