"""Rakuten Ichiba over RMS WEB SERVICE: orders, catalogue and stock of one shop.

What is known of the service comes from copies of its merchant-portal pages and from public
clients; no page is public. Docstrings name the page: *Order API* (RakutenPayOrderAPI 8.3 of
2025-12-12), *PurchaseItemAPI*, *ItemAPI 2.0* (items.search), *InventoryAPI 2.0*,
*LicenseManagementAPI*; "low confidence" where one third party or our own inference is all there is.
"""
