"""Reports on runs for people: what a run left in its folder as one page, or several side by side.

`reading` reads a folder, `view` and the modules it names say what there is to show, `figures` draw
it, and `page` writes HTML.
"""
