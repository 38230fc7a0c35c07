package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"seccomp-shim/integration/testbed"
)

// store is the content of a registry: bytes by their digest, and names for some of
// them.
type store struct {
	blobs map[digest.Digest]ocispec.Descriptor
	data  map[digest.Digest][]byte
	names map[string]digest.Digest // "repository:tag"
}

func newStore() *store {
	return &store{map[digest.Digest]ocispec.Descriptor{}, map[digest.Digest][]byte{}, map[string]digest.Digest{}}
}

// platforms are the platforms of every image. Only the first, the machine's own, has
// the image's content; the others have a layer that differs from it.
var platforms = []ocispec.Platform{
	{OS: "linux", Architecture: runtime.GOARCH},
	{OS: "linux", Architecture: "arm64", Variant: "v8"},
	{OS: "linux", Architecture: "s390x"},
	{OS: "linux", Architecture: "ppc64le"},
}

// add makes an image of these layers.
func (s *store) add(name string, layers ...map[string]testbed.File) error {
	index := ocispec.Index{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex}
	for i, platform := range platforms {
		if i > 0 {
			if platform.Architecture == runtime.GOARCH {
				continue
			}
			layers = []map[string]testbed.File{{"/image": {Content: []byte(name + platform.Architecture), Mode: 0o644}}}
		}
		desc, err := s.addManifest(platform, layers)
		if err != nil {
			return fmt.Errorf("image %s: %w", name, err)
		}
		index.Manifests = append(index.Manifests, desc)
	}
	desc, err := s.putJSON(ocispec.MediaTypeImageIndex, index)
	s.names[name] = desc.Digest
	return err
}

func (s *store) addManifest(platform ocispec.Platform, layers []map[string]testbed.File) (desc ocispec.Descriptor, err error) {
	manifest := ocispec.Manifest{Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest}
	image := ocispec.Image{
		Platform: platform,
		RootFS:   ocispec.RootFS{Type: "layers"},
		Config:   ocispec.ImageConfig{Cmd: []string{"sh"}, Env: []string{"PATH=/usr/bin:/bin"}},
	}
	for _, files := range layers {
		layer, err := testbed.Layer(files)
		if err != nil {
			return desc, err
		}
		image.RootFS.DiffIDs = append(image.RootFS.DiffIDs, digest.FromBytes(layer))
		manifest.Layers = append(manifest.Layers, s.put(ocispec.MediaTypeImageLayerGzip, compress(layer)))
	}
	if manifest.Config, err = s.putJSON(ocispec.MediaTypeImageConfig, image); err != nil {
		return desc, err
	}
	desc, err = s.putJSON(ocispec.MediaTypeImageManifest, manifest)
	desc.Platform = &platform
	return desc, err
}

func (s *store) put(mediaType string, data []byte) ocispec.Descriptor {
	desc := ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(data), Size: int64(len(data))}
	s.blobs[desc.Digest], s.data[desc.Digest] = desc, data
	return desc
}

func (s *store) putJSON(mediaType string, value any) (ocispec.Descriptor, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	return s.put(mediaType, data), nil
}

func compress(data []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write(data) // it writes to memory
	_ = w.Close()
	return out.Bytes()
}
