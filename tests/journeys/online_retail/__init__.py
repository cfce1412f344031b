"""A year of a gift wholesaler's invoices as products, customers and orders, over the public REST API."""
