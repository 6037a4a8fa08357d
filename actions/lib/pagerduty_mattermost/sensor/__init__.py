"""The incident sensor: one look at PagerDuty, its webhook, its heartbeat. It may use noise, oncall
and below.
"""
