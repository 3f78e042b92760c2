"""What the same field is called in the one object and in the other.

A mapping is of one kind of record, but a customer may be a lead or a contact, and a deal an object of the org's own.
"""

KEY = (
    "Affiliate_Platform_Id__c"  # the external id by which our records are known; no two records have the same
)
LINK = "contact"  # of a deal: our key of its customer; no field of Salesforce's
EMAIL = "Email"
AS_LEAD = {
    "mailingstreet": "Street",
    "mailingcity": "City",
    "mailingstate": "State",
    "mailingstatecode": "StateCode",
    "mailingpostalcode": "PostalCode",
    "mailingcountry": "Country",
    "mailingcountrycode": "CountryCode",
}
AS_CONTACT = {
    "street": "MailingStreet",
    "city": "MailingCity",
    "state": "MailingState",
    "statecode": "MailingStateCode",
    "postalcode": "MailingPostalCode",
    "country": "MailingCountry",
    "countrycode": "MailingCountryCode",
}
AS_CUSTOM = {"amount": "Affiliate_Amount__c", "closedate": "Affiliate_Date__c"}
# what the other object does not have at all
NOT_OF = {
    "Contact": frozenset({"status", "company", "rating", "isconverted", "convertedcontactid"}),
    "Lead": frozenset({"accountid", "reportstoid", "department"}),
}
NOT_OF_CUSTOM = frozenset({"stagename", "iswon", "isclosed", "contactid"})


def name_in(sobject: str, name: str) -> str:
    """Return what a field that a mapping names is called in an object; "" where it has no such field."""
    small = name.lower()
    if sobject == "Contact":
        return "" if small in NOT_OF[sobject] else AS_CONTACT.get(small, name)
    if sobject == "Lead":
        return "" if small in NOT_OF[sobject] else AS_LEAD.get(small, name)
    if sobject != "Opportunity":
        return "" if small in NOT_OF_CUSTOM else AS_CUSTOM.get(small, name)
    return name
