"""What is made of an incident's facts for whoever looks at it later or joins late: its timeline,
the proof that nobody changed it, catching up. It may use runs, rooms and what stands below them.
"""
