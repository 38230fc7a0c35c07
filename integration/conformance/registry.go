package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/opencontainers/go-digest"
)

// ServeHTTP answers as a registry that is only read:
// /v2/<repository>/{manifests,blobs}/<tag or digest>.
func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v2/"), "/")
	if len(parts) < 3 {
		return // the root says that this is a registry
	}
	repository, reference := strings.Join(parts[:len(parts)-2], "/"), parts[len(parts)-1]
	id, tagged := s.names[repository+":"+reference]
	if !tagged {
		id = digest.Digest(reference)
	}
	blob, ok := s.blobs[id]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", blob.MediaType)
	w.Header().Set("Content-Length", strconv.FormatInt(blob.Size, 10))
	w.Header().Set("Docker-Content-Digest", string(id))
	if r.Method != http.MethodHead {
		_, _ = w.Write(s.data[id]) // the client may have gone
	}
}

// serve starts the registry under the names of the real ones, and writes the
// certificate by which clients know it.
func (s *store) serve(certificate string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		DNSNames:              registries,
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return fmt.Errorf("make a certificate: %w", err)
	}
	if err := os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return err
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:443", &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
	})
	if err != nil {
		return fmt.Errorf("serve images: %w", err)
	}
	go func() { _ = http.Serve(listener, s) }() // until the process ends
	return nil
}
