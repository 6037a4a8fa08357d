"""The incident sensor: its cycle, its snapshots, PagerDuty's webhook, its health and heartbeat. It
may use noise, oncall and below.
"""
