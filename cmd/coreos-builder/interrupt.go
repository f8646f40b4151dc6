package main

import (
	"os"
	"os/signal"
	"syscall"
)

// interrupts turns Ctrl-C, and the SIGTERM that a CI service sends, into requests to stop.
func interrupts() <-chan struct{} {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	requests := make(chan struct{})
	go func() {
		for range signals {
			requests <- struct{}{}
		}
	}()
	return requests
}
