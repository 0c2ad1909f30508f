"""Views: read tables and records, and show them."""
