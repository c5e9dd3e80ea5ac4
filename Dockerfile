FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml hatch_build.py README.md LICENSE ./
COPY dms_lint dms_lint
COPY rules rules
RUN python -m venv /opt/dms-lint && /opt/dms-lint/bin/pip install --no-cache-dir --disable-pip-version-check .

FROM python:3.13-slim
COPY --from=build /opt/dms-lint /opt/dms-lint
ENV PATH=/opt/dms-lint/bin:$PATH
RUN useradd --uid 10001 --create-home dms-lint
USER 10001
WORKDIR /work
ENTRYPOINT ["dms-lint"]
