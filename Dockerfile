# The image holds one static binary: no shell, no git, not root. It needs one
# writable folder, DATA_DIR; everything else may be mounted read-only.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=devel
RUN CGO_ENABLED=0 go build -trimpath \
      -ldflags "-s -w -X github.com/kustodian/kustodian/bot.version=${VERSION}" -o /kustodian ./cmd/kustodian
RUN mkdir /data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /kustodian /kustodian
# A volume takes over who owns the folder that it is mounted on.
COPY --from=build --chown=65532:65532 /data /data
ENV DATA_DIR=/data
VOLUME /data
EXPOSE 8080 9090
USER 65532:65532
ENTRYPOINT ["/kustodian"]
CMD ["serve"]
