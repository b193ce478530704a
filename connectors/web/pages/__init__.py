"""Pages: fetched as a guest of their sites, and read.

read         the transform: URLs in, articles out (``connectors.web.visits`` has the manners)
page         a page to an article, in a process with limits
parts        articles on several pages: which links lead on, and the pages joined
live         live blogs: their entries, each with its time
text         the text of the article: two libraries and the page's own JSON-LD vote on each block
blocks       the page cut into blocks, each with its place in the tree
features     what is known of a block, and the judgement of it
weights      learnt by ``python -m training.pagetext``; MODEL_CARD.md says from what
rules        blocks that are never part of an article: credits, bylines, "Read more"
meta         what the page says of itself: title, authors, dates, language, paywall
marks        the page parsed once, for that
jsonld       schema.org in JSON-LD, read and mended
microdata    schema.org as attributes of elements, in the shape of JSON-LD
dates        dates as pages write them
bylines      names of authors
agencies     news agencies and picture agencies by their names, and the one that a text is credited to
corrections  notices of corrections and updates
"""
