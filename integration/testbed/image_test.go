package testbed

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

func untar(t *testing.T, data []byte) (headers []*tar.Header, contents map[string][]byte) {
	t.Helper()
	contents = map[string][]byte{}
	for in := tar.NewReader(bytes.NewReader(data)); ; {
		header, err := in.Next()
		if errors.Is(err, io.EOF) {
			return headers, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		headers = append(headers, header)
		if contents[header.Name], err = io.ReadAll(in); err != nil {
			t.Fatal(err)
		}
	}
}

func decode[T any](t *testing.T, data []byte) T {
	t.Helper()
	var value T
	if err := json.Unmarshal(data, &value); err != nil {
		t.Fatalf("%v in %q", err, data)
	}
	return value
}

// The parts of an image refer to each other by the digests of their content.
func TestWriteImage(t *testing.T) {
	rootfs := Rootfs{
		Files: map[string]File{
			"/bin/app":  {Content: []byte("#!"), Mode: 0o755},
			"/bin/link": {Content: []byte("app"), Mode: fs.ModeSymlink | 0o777},
			"/data":     {Mode: fs.ModeDir | 0o700},
			"/data/x/y": {Mode: fs.ModeSetuid | 0o600},
		},
		Entrypoint: []string{"/bin/app"}, Cmd: []string{"-v"}, Env: []string{"A=b"}, User: "1000",
	}
	var image, again bytes.Buffer
	if err := errors.Join(WriteImage(&image, "example.org/app:1", rootfs), WriteImage(&again, "example.org/app:1", rootfs)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(image.Bytes(), again.Bytes()) {
		t.Error("the same description gives different images")
	}

	_, files := untar(t, image.Bytes())
	for name, data := range files {
		sum := sha256.Sum256(data)
		if dir, digest := path.Split(name); dir == "blobs/sha256/" && digest != hex.EncodeToString(sum[:]) {
			t.Errorf("%s has another digest", name)
		}
	}
	blob := func(d ocispec.Descriptor) []byte {
		data := files["blobs/sha256/"+d.Digest.Encoded()]
		if int64(len(data)) != d.Size {
			t.Errorf("%s: %d bytes, described as %d", d.MediaType, len(data), d.Size)
		}
		return data
	}
	index := decode[ocispec.Index](t, files["index.json"])
	if name := index.Manifests[0].Annotations["io.containerd.image.name"]; name != "example.org/app:1" {
		t.Errorf("name %q", name)
	}
	manifest := decode[ocispec.Manifest](t, blob(index.Manifests[0]))
	config := decode[ocispec.Image](t, blob(manifest.Config))
	if config.RootFS.DiffIDs[0] != manifest.Layers[0].Digest {
		t.Error("config and manifest name different layers")
	}
	got := slices.Concat(config.Config.Entrypoint, config.Config.Cmd, config.Config.Env, []string{config.Config.User})
	if want := []string{"/bin/app", "-v", "A=b", "1000"}; !slices.Equal(got, want) {
		t.Errorf("config %q, want %q", got, want)
	}
	checkLayer(t, blob(manifest.Layers[0]))
}

func checkLayer(t *testing.T, layer []byte) {
	t.Helper()
	headers, _ := untar(t, layer)
	var got []string
	for _, h := range headers {
		got = append(got, strings.TrimSpace(h.FileInfo().Mode().String()+" "+h.Name+" "+h.Linkname))
	}
	want := []string{
		"drwxr-xr-x bin/", "-rwxr-xr-x bin/app", "Lrwxrwxrwx bin/link app",
		"drwx------ data/", "drwxr-xr-x data/x/", "urw------- data/x/y",
	}
	if !slices.Equal(got, want) {
		t.Errorf("layer\n got %q\nwant %q", got, want)
	}
}

func TestWriteImageRefusesDevices(t *testing.T) {
	err := WriteImage(io.Discard, "x", Rootfs{Files: map[string]File{"/dev/null": {Mode: fs.ModeDevice}}})
	if err == nil || !strings.Contains(err.Error(), "/dev/null") {
		t.Errorf("got %v", err)
	}
}

func TestWithParentsKeepsDescribedFolders(t *testing.T) {
	all := withParents(map[string]File{"a/b/c": {}, "/a": {Mode: fs.ModeDir | 0o711}})
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, []string{"/a", "/a/b", "/a/b/c"}) {
		t.Errorf("paths %q", got)
	}
	if all["/a"].Mode.Perm() != 0o711 {
		t.Errorf("described folder has mode %v", all["/a"].Mode)
	}
}
