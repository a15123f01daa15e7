"""Dates and times as people in London write them."""
