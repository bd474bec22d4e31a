// Package library measures the reference's libraries as Debian packages them, for the column
// beside ours in docs/bench/libraries.md:
//
//	apt install golang-go golang-github-hashicorp-serf-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go test -bench=. ./tools/bench/go
package library

import (
	"bytes"
	"compress/lzw"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"io"
	mathrand "math/rand"
	"testing"
	"time"

	"github.com/hashicorp/go-msgpack/codec"
	"github.com/hashicorp/memberlist"
	"github.com/hashicorp/serf/coordinate"
)

func BenchmarkCoordinateUpdate(b *testing.B) {
	client, err := coordinate.NewClient(coordinate.DefaultConfig())
	if err != nil {
		b.Fatal(err)
	}
	other, _ := coordinate.NewClient(coordinate.DefaultConfig())
	remote := other.GetCoordinate()
	names := make([]string, 100)
	for i := range names {
		names[i] = fmt.Sprintf("member-%d", i)
	}
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		rtt := time.Duration(10+mathrand.Intn(40)) * time.Millisecond
		if _, err := client.Update(names[i%100], remote, rtt); err != nil {
			b.Fatal(err)
		}
	}
}

type rumour struct{ payload []byte }

func (r *rumour) Invalidates(memberlist.Broadcast) bool { return false }
func (r *rumour) Message() []byte                       { return r.payload }
func (r *rumour) Finished()                             {}
func (r *rumour) UniqueBroadcast()                      {}

func benchmarkQueue(b *testing.B, waiting int) {
	queue := &memberlist.TransmitLimitedQueue{NumNodes: func() int { return 100000 }, RetransmitMult: 1000}
	payload := make([]byte, 100)
	for i := 0; i < waiting; i++ {
		queue.QueueBroadcast(&rumour{payload})
	}
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		queue.GetBroadcasts(3, 1400)
	}
}

func BenchmarkTakePacket100(b *testing.B)    { benchmarkQueue(b, 100) }
func BenchmarkTakePacket100000(b *testing.B) { benchmarkQueue(b, 100000) }

// The fields of an alive message, as the wire has them.
type alive struct {
	Incarnation uint32
	Node        string
	Addr        []byte
	Port        uint16
	Meta        []byte
	Vsn         []uint8
}

var oneAlive = alive{12, "node-17.dc1.example", []byte{10, 1, 2, 3}, 7946, bytes.Repeat([]byte{'a'}, 64), []byte{1, 5, 2, 2, 5, 4}}

func BenchmarkAliveEncode(b *testing.B) {
	for i := 0; i < b.N; i++ {
		var out bytes.Buffer
		if err := codec.NewEncoder(&out, &codec.MsgpackHandle{}).Encode(&oneAlive); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAliveDecode(b *testing.B) {
	var out bytes.Buffer
	_ = codec.NewEncoder(&out, &codec.MsgpackHandle{}).Encode(&oneAlive)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		var into alive
		if err := codec.NewDecoder(bytes.NewReader(out.Bytes()), &codec.MsgpackHandle{}).Decode(&into); err != nil {
			b.Fatal(err)
		}
	}
}

// 100 kB with the repetitions of a list of members.
func memberText() []byte {
	var text bytes.Buffer
	for i := 0; text.Len() < 100000; i++ {
		fmt.Fprintf(&text, "node-%d.dc1.example 10.%d.%d.%d alive role=web;", i, i>>16&255, i>>8&255, i&255)
	}
	return text.Bytes()[:100000]
}

func BenchmarkLzwCompress(b *testing.B) {
	text := memberText()
	b.SetBytes(int64(len(text)))
	for i := 0; i < b.N; i++ {
		writer := lzw.NewWriter(io.Discard, lzw.LSB, 8)
		_, _ = writer.Write(text)
		_ = writer.Close()
	}
}

func BenchmarkLzwExpand(b *testing.B) {
	text := memberText()
	var packed bytes.Buffer
	writer := lzw.NewWriter(&packed, lzw.LSB, 8)
	_, _ = writer.Write(text)
	_ = writer.Close()
	b.SetBytes(int64(len(text)))
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		_, _ = io.Copy(io.Discard, lzw.NewReader(bytes.NewReader(packed.Bytes()), lzw.LSB, 8))
	}
}

func sealer(b *testing.B) cipher.AEAD {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	return aead
}

func BenchmarkSeal1400(b *testing.B) {
	aead := sealer(b)
	message := make([]byte, 1400)
	nonce := make([]byte, 12)
	out := make([]byte, 0, 1500)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		_, _ = rand.Read(nonce)
		aead.Seal(out, nonce, message, nil)
	}
}

func BenchmarkOpen1400(b *testing.B) {
	aead := sealer(b)
	nonce := make([]byte, 12)
	sealed := aead.Seal(nil, nonce, make([]byte, 1400), nil)
	out := make([]byte, 0, 1500)
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if _, err := aead.Open(out, nonce, sealed, nil); err != nil {
			b.Fatal(err)
		}
	}
}
