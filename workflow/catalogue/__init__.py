"""The open list: bring catalogues in, search it, and give it out again."""

from workflow import findable as findable
