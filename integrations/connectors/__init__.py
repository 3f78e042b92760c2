"""Which systems can be connected: a name, and the module that speaks the system's language."""

from integrations.connectors import (
    folder,
    hubspot,
    inbox,
    klaviyo,
    magento,
    pipedrive,
    postback,
    salesforce,
    sftp,
    shopify,
    sql,
    stripe_billing,
    web_file,
    webhook,
    woocommerce,
)
from integrations.connectors.base import Connector

CONNECTORS: dict[str, Connector] = {
    "woocommerce": woocommerce,
    "shopify": shopify,
    "magento": magento,
    "stripe": stripe_billing,
    "hubspot": hubspot,
    "salesforce": salesforce,
    "pipedrive": pipedrive,
    "klaviyo": klaviyo,
    "postback": postback,
    "inbox": inbox,
    "webhook": webhook,
    "folder": folder,
    "web_file": web_file,
    "sftp": sftp,
    "sql": sql,
}
