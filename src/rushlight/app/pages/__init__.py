"""The pages: `report` of a run, `walk` through a model, `summary` of its layers.

Each is a function for one's own program (rushlight.report, rushlight.walk, rushlight.summary) as
well as what the command line calls. A page is one file that needs neither network nor script.

    png.py svg.py page.py words.py   pictures, drawings, the frame of a page, Chinese
    recorder.py                      a forward pass, step by step
    layers.py                        rushlight.summary
    walking.py walk_page.py          rushlight.walk, and its page
    outcome.py                       what a classifier makes of a data set
    report_page.py run_page.py       rushlight.report; the page of `rushlight train`, written live
    live.py                          serves that page on 127.0.0.1
"""
