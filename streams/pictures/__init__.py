"""Pictures of a backtest: a series with what is usual, and the moments at which something was seen and somebody paged.

They are SVG, written by hand: sharp at every width, searchable, readable in any browser and in the docs, and without
the 90 MB that matplotlib and what it needs would add to an image in which nobody draws. `course` gathers while a
backtest runs, `axes` scales, `panel` draws a series, `drawing` puts pictures together.
"""
