"""Payouts that a shop gives as store credit: offered to affiliates, lined up, given once, looked after."""
