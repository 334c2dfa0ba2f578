"""Pure: may this person do this, in this room, now?"""
