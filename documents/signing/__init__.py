"""The bon pour accord, agreed to in the portal."""
