"""What keeps channels quiet: storms, flapping alerts, digests of quiet hours, reminders. It may
use cards and below.
"""
