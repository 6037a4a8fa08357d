"""What both network sides share: the HTTP client with its retries, the listener, signed tokens. It
may use core.
"""
