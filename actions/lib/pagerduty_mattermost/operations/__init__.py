"""Keeping the pack itself well: dead letters, reconcile, health, what is remembered. It may use
sensor and below.
"""
