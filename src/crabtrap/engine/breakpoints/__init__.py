"""Stoppoints of the user, their locations, and the sites that are trapped for them."""
