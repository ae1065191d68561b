"""The examples of rules whose modules would have more than 300 lines with them."""
