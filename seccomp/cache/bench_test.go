package cache

import (
	"context"
	"fmt"
	"testing"
)

// A default profile's program has a few KiB, the kernel's longest 32 KiB.
var sizes = []int{4 << 10, 32 << 10, 64 << 10}

func BenchmarkDiskHit(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			d := newDisk(b, wide)
			for n := range 500 { // a hit lists nothing
				d.mustPut(b, numbered(n), valueOf(n))
			}
			d.mustPut(b, key1, sized(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := d.Get(key1); !ok {
					b.Fatal("a miss")
				}
			}
		})
	}
}

func BenchmarkDiskMiss(b *testing.B) {
	d := newDisk(b, wide)
	for b.Loop() {
		if _, ok := d.Get(key1); ok {
			b.Fatal("a hit")
		}
	}
}

func BenchmarkMemoryHit(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			c := New(wide, nil)
			made := func() ([]byte, error) { return sized(size), nil }
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.Get(context.Background(), key1, made); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Put lists the directory; the compilation before it costs milliseconds.
func BenchmarkPut(b *testing.B) {
	for _, entries := range []int{1, 500} {
		b.Run(fmt.Sprintf("%dentries", entries), func(b *testing.B) {
			d := newDisk(b, wide)
			for n := range entries {
				d.mustPut(b, numbered(n), valueOf(n))
			}
			for b.Loop() {
				d.mustPut(b, key1, sized(4<<10))
			}
		})
	}
}

func BenchmarkOpenDisk(b *testing.B) {
	d := newDisk(b, wide)
	for b.Loop() {
		again, err := OpenDisk(d.path, wide, nil)
		if err != nil {
			b.Fatal(err)
		}
		again.Close()
	}
}
