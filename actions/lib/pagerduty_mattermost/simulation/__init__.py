"""What routes, quiet hours and storm limits would have made of PagerDuty's log: the very code that
decides live, on a clock of its own, with nothing posted or written. It may use action_bases and
below.
"""
