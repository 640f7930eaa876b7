package pcsc

import (
	"errors"

	"github.com/ebfe/scard"
	"golang.org/x/sys/windows"
)

// idle reports whether the service does not run because there is no reader. Since Windows 8 it is started when a
// reader is plugged in and ends when the last one was unplugged: a new context is refused then (SCARD_E_NO_SERVICE), and
// the one before says that it has stopped. A service that was disabled, or that runs and does not answer, is trouble.
// Source: "What's New in Smart Cards", Microsoft, 2016.
var idle = func(err error) bool {
	if !errors.Is(err, scard.ErrNoService) && !errors.Is(err, scard.ErrServiceStopped) && !errors.Is(err, scard.ErrSystemCancelled) {
		return false
	}
	manager, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return false
	}
	defer windows.CloseServiceHandle(manager)
	name, err := windows.UTF16PtrFromString("SCardSvr")
	if err != nil {
		return false
	}
	service, err := windows.OpenService(manager, name, windows.SERVICE_QUERY_CONFIG|windows.SERVICE_QUERY_STATUS)
	if err != nil {
		return false
	}
	defer windows.CloseServiceHandle(service)
	var now windows.SERVICE_STATUS
	if windows.QueryServiceStatus(service, &now) != nil || now.CurrentState == windows.SERVICE_RUNNING {
		return false
	}
	return !disabled(service)
}

func disabled(service windows.Handle) bool {
	var room [128]windows.QUERY_SERVICE_CONFIG // 8 kB, the most that Windows asks for: the strings stand in it too
	var need uint32
	const size = 8 << 10
	err := windows.QueryServiceConfig(service, &room[0], size, &need)
	return err != nil || room[0].StartType == windows.SERVICE_DISABLED
}
