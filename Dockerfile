# The service in a container. See docs/service.md, "In a container".
#
# NOT TESTED: no container engine was at hand when this was written, so neither this file nor compose.yaml has ever been
# built or started. Tested are what they are made of (tests/service/test_container.py): the extras exist, every variable is
# a setting, the command starts the service, the check of health passes on one that runs and fails on none.
FROM python:3.12-slim

# Nobody in particular runs it, and writes into one folder alone.
RUN useradd --create-home --uid 10001 fewrec && mkdir /data && chown fewrec /data

WORKDIR /srv/fewrec
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY src ./src
RUN pip install --no-cache-dir --constraint constraints.txt '.[service,postgresql,files]'

USER fewrec
VOLUME /data
ENV FEWREC_SERVICE_HOST=0.0.0.0 \
    FEWREC_SERVICE_DATA=/data \
    FEWREC_CACHE=/data/cache \
    PYTHONUNBUFFERED=1
EXPOSE 8787
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8787/healthz', timeout=4)"]

# Begins with the service; "keys create ..." in its place makes a key, without which it does not listen.
ENTRYPOINT ["fewrec"]
CMD ["serve"]
