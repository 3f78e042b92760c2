"""Where a person finds a record at the far side, for those systems whose pages have addresses that are known."""

from collections.abc import Mapping
from urllib.parse import quote

PAGES: Mapping[str, str] = {
    "woocommerce": "{base}/wp-admin/user-edit.php?user_id={number}",
    "shopify": "{base}/admin/customers/{number}",
    "pipedrive": "{base}/person/{number}",
    "salesforce": "{base}/{number}",
}


DEALS: Mapping[str, str] = {"pipedrive": "{base}/deal/{number}", "salesforce": "{base}/{number}"}


def page_of(connector: str, base_url: str, remote_id: str, *, is_deal: bool = False) -> str:
    """Return the address of a record's page, "" where it is not known."""
    page, base = (DEALS if is_deal else PAGES).get(connector, ""), base_url.rstrip("/")
    if not page or not remote_id or not base.startswith(("https://", "http://")):
        return ""
    return page.format(base=base, number=quote(remote_id.rpartition("/")[2], safe=""))
