// One-process forms a cluster of many members of the reference's library in one process, on
// sockets of loopback, and prints figures as JSON. It does what src/one-process/main.ts does with
// our library:
//
//	apt install golang-go golang-github-hashicorp-serf-dev
//	GO111MODULE=off GOPATH=/usr/share/gocode go run ./tools/bench/go/one-process join 200
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/serf/serf"
)

const (
	patience       = 30 * time.Second
	agreementLimit = 90 * time.Second
	joiningLimit   = 120 * time.Second
	joinsAtOnce    = 32
	veteranCount   = 16
	eventName      = "urgent"
	pollingPause   = 5 * time.Millisecond
	bufferedEvents = 4096
)

type member struct {
	serf    *serf.Serf
	address string
	// Nanoseconds since the start of the program; 0 = not yet.
	heardAt  atomic.Int64
	joinedAt atomic.Int64
}

var began = time.Now()

func now() int64 { return int64(time.Since(began)) }

func start(name string) *member {
	config := serf.DefaultConfig()
	config.NodeName = name
	config.MemberlistConfig.BindAddr = "127.0.0.1"
	config.MemberlistConfig.BindPort = 0
	config.LogOutput = io.Discard
	config.MemberlistConfig.LogOutput = io.Discard
	events := make(chan serf.Event, bufferedEvents)
	config.EventCh = events
	one := &member{}
	go func() {
		for event := range events {
			if told, ok := event.(serf.UserEvent); ok && told.Name == eventName {
				one.heardAt.CompareAndSwap(0, now())
			}
		}
	}()
	running, err := serf.Create(config)
	if err != nil {
		log.Fatal(err)
	}
	one.serf = running
	local := running.LocalMember()
	one.address = fmt.Sprintf("%s:%d", local.Addr, local.Port)
	return one
}

func startAll(count int, prefix string) []*member {
	all := make([]*member, count)
	for i := range all {
		all[i] = start(prefix + strconv.Itoa(i))
	}
	return all
}

// joinAll joins each newcomer by one of those who are in, some at a time, until it succeeds or the
// time for joining is over.
func joinAll(newcomers, known []*member, joined func(count int)) {
	var done atomic.Int64
	var wait sync.WaitGroup
	tickets := make(chan struct{}, joinsAtOnce)
	deadline := time.Now().Add(joiningLimit)
	for i, newcomer := range newcomers {
		tickets <- struct{}{}
		if time.Now().After(deadline) {
			break
		}
		wait.Add(1)
		go func(newcomer *member, target string) {
			defer wait.Done()
			for {
				if _, err := newcomer.serf.Join([]string{target}, false); err == nil {
					newcomer.joinedAt.Store(now())
					break
				}
				if time.Now().After(deadline) {
					break
				}
			}
			<-tickets
			joined(int(done.Add(1)))
		}(newcomer, known[i%len(known)].address)
	}
	wait.Wait()
}

func aliveCount(one *member) int {
	count := 0
	for _, other := range one.serf.Members() {
		if other.Status == serf.StatusAlive {
			count++
		}
	}
	return count
}

func awaitAgreement(all []*member) {
	deadline := time.Now().Add(agreementLimit)
	for _, one := range all {
		for aliveCount(one) < len(all) && time.Now().Before(deadline) {
			time.Sleep(pollingPause)
		}
	}
}

func milliseconds(nanoseconds int64) float64 { return float64(nanoseconds) / 1e6 }

func joinCrowd(count int) map[string]float64 {
	all := startAll(count, "m")
	startNs := now()
	joinAll(all[1:], all[:1], func(int) {})
	awaitAgreement(all)
	return map[string]float64{"agreedMs": milliseconds(now() - startNs)}
}

func storm(count int) map[string]float64 {
	veterans := startAll(veteranCount, "m")
	joinAll(veterans[1:], veterans[:1], func(int) {})
	awaitAgreement(veterans)
	newcomers := startAll(count, "new-")
	var toldAt atomic.Int64
	startNs := now()
	joinAll(newcomers, veterans, func(joined int) {
		if joined == count/2 {
			toldAt.Store(now())
			if err := veterans[3].serf.UserEvent(eventName, []byte("payload"), false); err != nil {
				log.Fatal(err)
			}
		}
	})
	stormNs := now() - startNs
	latestIn, latestAll, missed, outside := int64(0), int64(0), 0, 0
	deadline := toldAt.Load() + int64(patience)
	if now() > deadline {
		deadline = now()
	}
	for i, one := range append(veterans, newcomers...) {
		if i >= len(veterans) && one.joinedAt.Load() == 0 {
			outside++
			continue
		}
		for one.heardAt.Load() == 0 && now() < deadline {
			time.Sleep(pollingPause)
		}
		heard := one.heardAt.Load()
		if heard == 0 {
			missed++
			heard = deadline
		}
		in := one.joinedAt.Load()
		if in <= toldAt.Load() {
			in = toldAt.Load()
			if heard-in > latestIn {
				latestIn = heard - in
			}
		}
		if heard-in > latestAll {
			latestAll = heard - in
		}
	}
	return map[string]float64{
		"stormMs": milliseconds(stormNs), "membersMs": milliseconds(latestIn),
		"everybodyMs": milliseconds(latestAll), "missed": float64(missed),
		"outside": float64(outside),
	}
}

func main() {
	count, _ := strconv.Atoi(os.Args[2])
	figures := map[string]func(int) map[string]float64{"join": joinCrowd, "storm": storm}[os.Args[1]](count)
	text, _ := json.Marshal(figures)
	fmt.Println(string(text))
	// Four hundred orderly goodbyes would take longer than all that was measured.
	os.Exit(0)
}
