package cache

import (
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
			d.mustPut(b, numbered(1), sized(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := d.Get(numbered(1)); !ok {
					b.Fatal("a miss")
				}
			}
		})
	}
}

func BenchmarkDiskMiss(b *testing.B) {
	d := newDisk(b, wide)
	for b.Loop() {
		if _, ok := d.Get(numbered(1)); ok {
			b.Fatal("a hit")
		}
	}
}

func BenchmarkPut(b *testing.B) {
	for _, entries := range []int{1, 500} {
		b.Run(fmt.Sprintf("%dentries", entries), func(b *testing.B) {
			d := newDisk(b, wide)
			for n := range entries {
				d.mustPut(b, numbered(n), valueOf(n))
			}
			for b.Loop() {
				d.mustPut(b, numbered(1), sized(4<<10))
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
