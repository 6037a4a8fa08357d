"""Who is on call: now, next and in the days ahead; hand-offs, and channels and groups kept in
step. It may use cards and below.
"""
