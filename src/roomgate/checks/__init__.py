"""Exposure checks: is my connector a 2019 connector?"""
