package dockertest

import (
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
)

// Proxy is a way to an engine that can be cut, and that can stall.
type Proxy struct {
	// Host is where the engine is reached by way of it.
	Host     string
	listener net.Listener
	network  string
	address  string

	mutex  sync.Mutex
	open   map[net.Conn]bool
	stall  chan struct{} // closed when the connections that were made until then stall
	closed chan struct{}
}

// NewProxy is a way to an engine, by the address that a client knows it by: a socket of this machine, or TCP.
func NewProxy(t testing.TB, host string) *Proxy {
	t.Helper()
	to, err := url.Parse(host)
	must(t, err)
	p := &Proxy{network: to.Scheme, address: to.Host + to.Path, open: map[net.Conn]bool{},
		stall: make(chan struct{}), closed: make(chan struct{})}
	here := "127.0.0.1:0" // where certificates are good for
	if p.network == "unix" {
		here = filepath.Join(t.TempDir(), "engine.sock")
	}
	p.listener, err = net.Listen(p.network, here)
	must(t, err)
	p.Host = p.network + "://" + p.listener.Addr().String()
	go p.accept()
	t.Cleanup(p.Close)
	return p
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.connect(client)
	}
}

func (p *Proxy) connect(client net.Conn) {
	engine, err := net.Dial(p.network, p.address)
	if err != nil {
		client.Close()
		return
	}
	stall := p.keep(client, engine)
	go p.copy(engine, client, stall)
	p.copy(client, engine, stall)
}

// keep notes connections that are open, and tells what will be closed when they are to stall.
func (p *Proxy) keep(connections ...net.Conn) <-chan struct{} {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, c := range connections {
		p.open[c] = true
	}
	return p.stall
}

func (p *Proxy) copy(to, from net.Conn, stall <-chan struct{}) {
	buffer := make([]byte, 4<<10)
	for {
		n, err := from.Read(buffer)
		select {
		case <-stall:
			<-p.closed
			return
		default:
		}
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				break
			}
		}
		if err != nil {
			break
		}
	}
	if half, ok := to.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

// Cut ends every connection that is open. New ones can be made.
func (p *Proxy) Cut() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for c := range p.open {
		c.Close()
	}
	clear(p.open)
}

// Stall lets nothing through any more on the connections that are open, and ends none of them.
func (p *Proxy) Stall() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	close(p.stall)
	p.stall = make(chan struct{})
}

// Close ends it for good. It may be called again.
func (p *Proxy) Close() {
	p.listener.Close()
	p.mutex.Lock()
	select {
	case <-p.closed:
	default:
		close(p.closed)
	}
	p.mutex.Unlock()
	p.Cut()
}
