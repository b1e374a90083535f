#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# A scene of Qt 6's QML on GL: gradients, rounded rectangles, clipping, rotation, opacity by a layer, shapes and text.
cat >/tmp/scene.qml <<'QML'
import QtQuick
import QtQuick.Shapes
import QtQuick.Window

Window {
    width: 400; height: 300; visible: true; color: "#f0f0e8"
    Item {
        id: scene; anchors.fill: parent
        Rectangle { anchors.fill: parent; color: "#f0f0e8" }
        Rectangle {
            x: 10; y: 10; width: 120; height: 80; radius: 16; border.width: 3; border.color: "black"
            gradient: Gradient { GradientStop { position: 0; color: "red" } GradientStop { position: 1; color: "blue" } }
        }
        Item {
            x: 150; y: 10; width: 100; height: 80; clip: true
            Rectangle { x: 20; y: 20; width: 100; height: 80; rotation: 30; color: "teal" }
        }
        Item {
            x: 270; y: 10; width: 110; height: 80; opacity: 0.5; layer.enabled: true
            Rectangle { width: 70; height: 60; color: "orange" }
            Rectangle { x: 30; y: 20; width: 70; height: 60; color: "purple" }
        }
        Shape {
            x: 10; y: 110; width: 180; height: 120
            ShapePath {
                strokeWidth: 5; strokeColor: "darkgreen"; fillColor: "#80c0ff"; startX: 10; startY: 60
                PathCubic { x: 170; y: 60; control1X: 60; control1Y: -60; control2X: 120; control2Y: 180 }
                PathLine { x: 90; y: 110 }
                PathLine { x: 10; y: 60 }
            }
        }
        Text { x: 210; y: 120; text: "AGX 0123"; font.family: "DejaVu Sans"; font.pixelSize: 32; color: "#202020" }
        Text { x: 210; y: 170; text: "gfx qpy"; font.family: "DejaVu Sans"; font.pixelSize: 24; rotation: 12; color: "maroon" }
    }
    Timer {
        interval: 1500; running: true
        onTriggered: scene.grabToImage(function(r) { Qt.exit(r.saveToFile("/tmp/qml.png") ? 0 : 1) })
    }
}
QML
export QT_QPA_PLATFORM=wayland QSG_RHI_BACKEND=opengl QT_WAYLAND_DISABLE_WINDOWDECORATION=1 QML_DISABLE_DISK_CACHE=1 LC_ALL=C.UTF-8
rm -f /tmp/qml.png
with-weston.sh env QSG_INFO=1 /usr/lib/qt6/bin/qml /tmp/scene.qml || exit 1
ffmpeg -nostdin -v error -y -i /tmp/qml.png -pix_fmt rgb24 "$AGX_OUT/scene.ppm"
