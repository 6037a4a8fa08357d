"""Everything that speaks to another server: PagerDuty, Mattermost, StackStorm. It may use core."""
