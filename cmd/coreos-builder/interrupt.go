package main

import (
	"errors"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/coreos-builder/coreos-builder/builder"
)

// signals turns Ctrl-C, and the SIGTERM that a CI service sends, into requests to stop.
type signals struct {
	came     chan os.Signal
	requests chan struct{}
	first    atomic.Int32
}

func listen() *signals {
	came := make(chan os.Signal, 1)
	signal.Notify(came, os.Interrupt, syscall.SIGTERM)
	s := &signals{came: came, requests: make(chan struct{})}
	go func() {
		for which := range came {
			s.first.CompareAndSwap(0, int32(which.(syscall.Signal)))
			s.requests <- struct{}{}
		}
	}()
	return s
}

// end leaves signals to do what they do by themselves: to end the program.
func (s *signals) end() { signal.Stop(s.came) }

// name adds to an error of a build that was stopped which signal it was.
func (s *signals) name(err error) error {
	var stopped *builder.StoppedError
	if number := s.first.Load(); number != 0 && errors.As(err, &stopped) {
		return &signalError{err, syscall.Signal(number)}
	}
	return err
}

// signalError is a build that was stopped by a signal.
type signalError struct {
	error
	signal syscall.Signal
}

func (e *signalError) Unwrap() error { return e.error }
