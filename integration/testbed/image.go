package testbed

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Rootfs describes an image of one layer.
type Rootfs struct {
	// Files maps absolute paths to their content. Parent folders need no entry; they
	// get mode 0755.
	Files map[string]File
	// Entrypoint, Cmd, Env and User are fields of an OCI image's config.
	Entrypoint, Cmd, Env []string
	User                 string
}

// File is a file, a folder (Mode has fs.ModeDir) or a symbolic link (Mode has
// fs.ModeSymlink, Content is where it points). It belongs to root.
type File struct {
	Content []byte
	Mode    fs.FileMode
}

// Import makes an image from rootfs and imports it under a full name such as
// "docker.io/library/echo:latest".
func (n *Node) Import(ctx context.Context, name string, rootfs Rootfs) error {
	return n.importInto(ctx, n.opts.Namespace, name, rootfs)
}

// ImportForPods is Import into the namespace of pods.
func (n *Node) ImportForPods(ctx context.Context, name string, rootfs Rootfs) error {
	return n.importInto(ctx, PodNamespace, name, rootfs)
}

func (n *Node) importInto(ctx context.Context, namespace, name string, rootfs Rootfs) error {
	var image bytes.Buffer
	if err := WriteImage(&image, name, rootfs); err != nil {
		return err
	}
	// With --local ctr unpacks for any snapshotter. Without it containerd unpacks only
	// for those in its configuration.
	args := []string{"--namespace", namespace, "images", "import", "--local", "-"}
	if !n.version.importsLocally() {
		args = []string{"--namespace", namespace, "images", "import", "-"}
	}
	cmd := n.Command(ctx, args...)
	cmd.Stdin = &image
	result, err := Run(cmd)
	if err != nil {
		return err
	}
	if result.ExitCode != 0 {
		return fmt.Errorf("import image %s: %s", name, result.Stderr)
	}
	return nil
}

// WriteImage writes an OCI image layout as a tar, for this machine's architecture. The
// same arguments give the same bytes.
func WriteImage(w io.Writer, name string, rootfs Rootfs) error {
	layer, err := Layer(rootfs.Files)
	if err != nil {
		return err
	}
	out := layout{tar: tar.NewWriter(w)}
	out.file("oci-layout", asJSON(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion}))
	layerDesc := out.blob(ocispec.MediaTypeImageLayer, layer)
	configDesc := out.blob(ocispec.MediaTypeImageConfig, asJSON(ocispec.Image{
		Platform: ocispec.Platform{OS: "linux", Architecture: runtime.GOARCH},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{layerDesc.Digest}},
		Config: ocispec.ImageConfig{
			Entrypoint: rootfs.Entrypoint, Cmd: rootfs.Cmd, Env: rootfs.Env, User: rootfs.User,
		},
	}))
	manifestDesc := out.blob(ocispec.MediaTypeImageManifest, asJSON(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageManifest,
		Config:    configDesc,
		Layers:    []ocispec.Descriptor{layerDesc},
	}))
	manifestDesc.Annotations = map[string]string{"io.containerd.image.name": name}
	out.file(ocispec.ImageIndexFile, asJSON(ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2},
		MediaType: ocispec.MediaTypeImageIndex,
		Manifests: []ocispec.Descriptor{manifestDesc},
	}))
	if out.err == nil {
		out.err = out.tar.Close()
	}
	if out.err != nil {
		return fmt.Errorf("write image %s: %w", name, out.err)
	}
	return nil
}

// layout writes the files of an OCI image layout until the first error.
type layout struct {
	tar *tar.Writer
	err error
}

func (l *layout) file(name string, data []byte) {
	l.entry(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(data))}, data)
}

func (l *layout) entry(header *tar.Header, data []byte) {
	header.ModTime = time.Unix(0, 0)
	if l.err == nil {
		l.err = l.tar.WriteHeader(header)
	}
	if l.err == nil {
		_, l.err = l.tar.Write(data)
	}
}

func (l *layout) blob(mediaType string, data []byte) ocispec.Descriptor {
	sum := sha256.Sum256(data)
	encoded := hex.EncodeToString(sum[:])
	l.file(path.Join(ocispec.ImageBlobsDir, "sha256", encoded), data)
	return ocispec.Descriptor{
		MediaType: mediaType,
		Digest:    digest.NewDigestFromEncoded(digest.SHA256, encoded),
		Size:      int64(len(data)),
	}
}

// Layer returns a layer as a tar, in which a folder precedes its files.
func Layer(files map[string]File) ([]byte, error) {
	all := withParents(files)
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names) // a folder sorts before what is in it
	var buf bytes.Buffer
	out := layout{tar: tar.NewWriter(&buf)}
	for _, name := range names {
		file := all[name]
		header := &tar.Header{Name: name[1:], Mode: tarMode(file.Mode), Typeflag: tar.TypeReg}
		content := file.Content
		switch file.Mode.Type() {
		case 0:
			header.Size = int64(len(content))
		case fs.ModeDir:
			header.Typeflag, header.Name = tar.TypeDir, header.Name+"/"
		case fs.ModeSymlink:
			header.Typeflag, header.Linkname, content = tar.TypeSymlink, string(content), nil
		default:
			return nil, fmt.Errorf("write layer: %s: unsupported type %v", name, file.Mode.Type())
		}
		out.entry(header, content)
	}
	if out.err == nil {
		out.err = out.tar.Close()
	}
	if out.err != nil {
		return nil, fmt.Errorf("write layer: %w", out.err)
	}
	return buf.Bytes(), nil
}

// tarMode returns the twelve mode bits of Unix.
func tarMode(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	for flag, bit := range map[fs.FileMode]int64{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if mode&flag != 0 {
			bits |= bit
		}
	}
	return bits
}

// withParents returns files by clean absolute path, with all parent folders.
func withParents(files map[string]File) map[string]File {
	all := map[string]File{}
	for name, file := range files {
		name = path.Join("/", name)
		all[name] = file
		for dir := path.Dir(name); dir != "/"; dir = path.Dir(dir) {
			if _, described := all[dir]; !described {
				all[dir] = File{Mode: fs.ModeDir | 0o755}
			}
		}
	}
	return all
}

// asJSON marshals a value of the image spec's types, which cannot fail.
func asJSON(value any) []byte {
	data, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return data
}
