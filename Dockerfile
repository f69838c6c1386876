# A static binary on an empty image: fonts, templates and time-zone data are
# inside it. The data folder is the volume /data.
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X nis2clock/internal/cli.Version=${VERSION}" -o /out/nis2clock ./cmd/nis2clock \
 && mkdir -m 0700 /out/data

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/nis2clock /nis2clock
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
VOLUME /data
EXPOSE 2555
ENTRYPOINT ["/nis2clock"]
CMD ["serve", "--data", "/data", "--listen", "0.0.0.0:2555"]
